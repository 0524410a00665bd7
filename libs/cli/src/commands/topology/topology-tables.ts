import type { Acl, GroupUse, TopicUse } from '@parley/transport';
import { printable } from '../../output/printable.js';
import { table } from '../../output/table.js';
import type { ServiceRights } from './service-rights.js';

/** What a service needs, for people. */
export function topologyTables(
  { service, provision, topics, groups, acls }: ServiceRights,
  { colours, withAcls }: { colours: boolean; withAcls: boolean },
): string {
  const parts = [
    `${printable(service, { lines: false })}\n`,
    table<TopicUse>(
      topics,
      [
        { title: 'topic', of: ({ topic, match }) => shownName(topic, match), width: 250 },
        { title: 'kind', of: ({ kind }) => kind },
        { title: 'use', of: use => wordsOf(use, provision).join(', ') },
        { title: 'why', of: whyOf },
      ],
      colours,
    ),
  ];
  if (groups.length > 0)
    parts.push(
      table<GroupUse>(
        groups,
        [
          { title: 'group', of: ({ group, match }) => shownName(group, match), width: 250 },
          { title: 'use', of: ({ joins }) => (joins === undefined ? 'ask' : 'join') },
          { title: 'why', of: ({ joins, asks }) => joins ?? asks ?? '' },
        ],
        colours,
      ),
    );
  if (withAcls)
    parts.push(
      table<Acl>(
        acls,
        [
          { title: 'right', of: ({ operation }) => operation },
          { title: 'on', of: ({ resource }) => resource },
          { title: 'name', of: ({ name, match }) => shownName(name, match), width: 250 },
          { title: 'why', of: ({ why }) => why },
        ],
        colours,
      ),
    );
  return parts.join('');
}

function shownName(name: string, match: Acl['match']): string {
  return match === 'prefixed' ? `${name}*` : name;
}

function wordsOf({ reads, writes, makes, grows }: TopicUse, provision: ServiceRights['provision']): string[] {
  const words: [unknown, string][] = [
    [reads, 'read'],
    [writes, 'write'],
    [makes && provision === 'create', 'make'],
    [grows && provision === 'create', 'grow'],
  ];
  return words.filter(([is]) => is).map(([, word]) => word);
}

function whyOf({ reads, writes }: TopicUse): string {
  return [...new Set([reads, writes])].filter(why => why !== undefined).join('; ');
}
