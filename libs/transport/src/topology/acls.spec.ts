import { describe, expect, it } from 'vitest';
import { aclsOf, type Acl } from './acls.js';
import { topologyOf } from './topology.js';
import type { TopicUse } from './uses.js';

const use: TopicUse = { topic: 't', match: 'literal', kind: 'event', makes: false, grows: false };
const words = (acls: readonly Acl[]) =>
  acls.map(({ operation, resource, name }) => `${operation} ${resource} ${name}`);
const ofTopic = (extra: Partial<TopicUse>) => ({ topics: [{ ...use, ...extra }], groups: [] });

describe('access rules', () => {
  it.each<[Partial<TopicUse>, string[], string[], string[]]>([
    [{ reads: 'why' }, ['Read'], ['Read'], ['Read']],
    [{ reads: 'why', writes: 'why' }, ['Read', 'Write'], ['Read', 'Write'], ['Read', 'Write']],
    [{ writes: 'why', makes: true }, ['Write', 'Create'], ['Write'], ['Write']],
    [{ reads: 'why', makes: true, grows: true }, ['Read', 'Create', 'Alter'], ['Read'], ['Read']],
    // It is made for others: whether it is there has to be seen, unless nobody looks.
    [{ makes: true }, ['Describe', 'Create'], ['Describe'], []],
  ])('of a topic that is used so: %j', (extra, create, verify, none) => {
    const rights = (provision: 'create' | 'verify' | 'none') =>
      aclsOf(ofTopic(extra), provision).map(({ operation }) => operation);
    expect([rights('create'), rights('verify'), rights('none')]).toEqual([create, verify, none]);
  });

  it('of a group are to read it where it is joined, and to describe it where it is asked about', () => {
    const group = { group: 'g', match: 'prefixed' as const, topics: [] };
    expect(aclsOf({ topics: [], groups: [{ ...group, joins: 'to share' }] })).toEqual([
      { resource: 'group', name: 'g', match: 'prefixed', operation: 'Read', why: 'to share' },
    ]);
    expect(words(aclsOf({ topics: [], groups: [{ ...group, asks: 'who is there' }] }))).toEqual([
      'Describe group g',
    ]);
    expect(aclsOf({ topics: [], groups: [group] })).toEqual([]);
  });

  it('give no right twice, none on the cluster, and each with a reason', () => {
    const acls = aclsOf(
      topologyOf({ service: 'a', answers: ['x'], calls: ['b'], emits: ['e'], subscribes: ['e', 'f'] }),
    );
    expect(new Set(words(acls)).size).toBe(acls.length);
    for (const { why, resource } of acls) {
      expect(why).not.toBe('');
      expect(['topic', 'group']).toContain(resource);
    }
  });
});
