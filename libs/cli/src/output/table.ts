import { Table } from 'console-table-printer';
import { printable } from './printable.js';

export interface Column<T> {
  title: string;
  of: (row: T) => string | number;
  /** Longer text goes on in the next line. Default: 60. */
  width?: number;
}

const DEFAULT_WIDTH = 60;

/** Rows for people, with a title for each column; ends with a line end. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], colours: boolean): string {
  const drawn = new Table({
    columns: columns.map(({ title, of, width = DEFAULT_WIDTH }) => {
      const cells = rows.map(of);
      const longest = cells.reduce<number>((most, cell) => Math.max(most, String(cell).length), 0);
      return {
        name: title,
        alignment: cells.length > 0 && cells.every(cell => typeof cell === 'number') ? 'right' : 'left',
        // The library makes a column as wide as it may be.
        ...(longest > width && { maxLen: width }),
      };
    }),
    shouldDisableColors: !colours,
  });
  for (const row of rows) {
    drawn.addRow(Object.fromEntries(columns.map(({ title, of }) => [title, cell(of(row))])));
  }
  return `${drawn.render()}\n`;
}

function cell(value: string | number): string | number {
  return typeof value === 'number' ? value : printable(value, { lines: false });
}
