import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { rateOf, type Row, SUBJECT } from './report.js';

/** An SVG of what each system reached a second, a panel for each scenario, on a logarithmic scale. */
export function plot(rows: readonly Row[]): string {
  const { document } = parseHTML('<html><body></body></html>');
  const points = rows.flatMap(row => {
    const rate = rateOf(row);
    return rate ? [{ panel: panelOf(row), system: row.system, rate }] : [];
  });
  const panels = [...new Set(points.map(point => point.panel))];
  const systems = [...new Set(points.map(point => point.system))];
  const chart = Plot.plot({
    document,
    width: 860,
    height: 80 + panels.length * (22 * systems.length + 14),
    marginLeft: 110,
    marginRight: 120,
    marginBottom: 50,
    style: { background: 'white', fontFamily: 'sans-serif', fontSize: '12px' },
    x: {
      type: 'log',
      label: 'calls, items or events a second (logarithmic)',
      labelOffset: 44,
      grid: true,
      ticks: 5,
      tickFormat: ',d',
    },
    y: { label: null, domain: systems },
    fy: { label: null, domain: panels },
    color: { domain: [true, false], range: ['#0b7a5c', '#8a94a6'] },
    marks: [
      Plot.ruleY(points, { fy: 'panel', y: 'system', x1: 10, x2: 'rate', stroke: isSubject, strokeWidth: 2 }),
      Plot.dot(points, { fy: 'panel', y: 'system', x: 'rate', fill: isSubject, r: 5 }),
      Plot.text(points, {
        fy: 'panel',
        y: 'system',
        x: 'rate',
        text: point => Math.round(point.rate).toLocaleString('en'),
        dx: 10,
        textAnchor: 'start',
      }),
    ],
  });
  const svg = chart.tagName.toLowerCase() === 'svg' ? chart : chart.querySelector('svg');
  if (!svg) throw new Error('The plot holds no svg element.');
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}

function panelOf(row: Row): string {
  return row.scenario === 'unary' ? `unary ${row.concurrency}` : row.scenario;
}

function isSubject({ system }: { system: string }): boolean {
  return system === SUBJECT;
}
