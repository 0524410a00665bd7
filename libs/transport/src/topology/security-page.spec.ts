import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { aclsOf, type Acl } from './acls.js';
import { checkDescription } from './service-description.js';
import { deadLetterTopology, topologyOf } from './topology.js';

const PAGE = new URL('../../../../docs/security.md', import.meta.url);
const HEAD = '| Right | On | Name | Why |';

function rowOf({ operation, resource, name, match, why }: Acl): string {
  return `| ${operation} | ${resource} | \`${name}${match === 'prefixed' ? '*' : ''}\` | ${why} |`;
}

/** The rows of the page's table behind a mark, without the spaces that make it even. */
function tableBehind(page: string, mark: string): string[] {
  const rows = page
    .slice(page.indexOf(mark) + mark.length)
    .trimStart()
    .split('\n')
    .map(line => line.replaceAll(/ +/g, ' '));
  return rows.slice(
    0,
    rows.findIndex(row => !row.startsWith('|')),
  );
}

describe('docs/security.md', () => {
  it('lists the rights that the services of its example need, and those of operators', async () => {
    const page = await readFile(PAGE, 'utf8');
    const [, fleet = ''] = /```json fleet\n(.*?)```/s.exec(page) ?? [];
    const { services } = JSON.parse(fleet) as { services: unknown[] };
    const rights: [mark: string, acls: Acl[]][] = services.map(checkDescription).flatMap(description => {
      const { service, subscribes } = description;
      const own: [string, Acl[]] = [`<!-- rights of ${service} -->`, aclsOf(topologyOf(description))];
      if (!subscribes) return [own];
      return [
        own,
        ...[false, true].map((redrive): [string, Acl[]] => [
          `<!-- rights of ${redrive ? 'dead-redrive' : 'dead-list'} ${service} -->`,
          aclsOf(deadLetterTopology(description, { redrive }), 'none'),
        ]),
      ];
    });
    expect(rights).toHaveLength(5);
    for (const [mark, acls] of rights) {
      expect(page).toContain(mark);
      const [head, , ...rows] = tableBehind(page, mark);
      expect(head).toBe(HEAD);
      expect(rows).toEqual(acls.map(rowOf));
    }
  });
});
