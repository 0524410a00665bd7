import type { Message } from 'kafkajs';
import type { Dice } from './dice.js';
import { mutated, mutatedLine } from './mutation.js';
import type { RawRecord } from './raw-record.js';

/** Brokers refuse what is more than an hour ahead. */
const FUTURE_MS = 50 * 60_000;

/** What forgers know of the fleet. */
export interface Known {
  prefix: string;
  /** Topics that a reply must never be written to. */
  topics: readonly string[];
  /** Inbox topics that exist. */
  inboxes: readonly string[];
  /** The `parley` headers of records that are addressed to an instance that lives. */
  addressed: readonly string[];
  patterns: readonly string[];
  /** What honest programs have written, by topic. */
  corpora: ReadonlyMap<string, readonly RawRecord[]>;
}

type Corpus = readonly RawRecord[];
/** Makes records of one kind, of what was written to their topic. */
export type Kind = (dice: Dice, corpus: Corpus, known: Known) => Message;

/** A record that no honest program would write to a calls topic. */
export const HOSTILE_CALLS: readonly Kind[] = [
  noise,
  wrongHeader,
  wrongHeader,
  wrongValue,
  fromNowhere,
  fromNowhere,
  forgedReply,
  part,
  orphanedRequest,
  odd,
];

export const HOSTILE_EVENTS: readonly Kind[] = [
  noise,
  wrongHeader,
  wrongValue,
  wrongValue,
  addressedEvent,
  odd,
];

export const HOSTILE_INBOX: readonly Kind[] = [
  noise,
  wrongHeader,
  wrongFrames,
  wrongFrames,
  wrongFrames,
  strayFrames,
  fromNowhere,
  forgedReply,
  odd,
];

/** One of these, and now and then what is costly to read. */
export function hostileRecord(dice: Dice, kinds: readonly Kind[], corpus: Corpus, known: Known): Message {
  const message = dice.oneIn(1000) ? bomb(dice, corpus) : dice.pick(kinds)(dice, corpus, known);
  if (dice.oneIn(20)) message.timestamp = dice.pick(['0', '1', String(Date.now() + FUTURE_MS)]);
  return message;
}

function noise(dice: Dice): Message {
  return {
    key: dice.oneIn(2) ? null : dice.bytes(dice.below(40)),
    value: dice.oneIn(5) ? null : dice.bytes(dice.below(300)),
    headers: { parley: dice.bytes(dice.below(120)), [dice.id(8)]: dice.bytes(dice.below(20)) },
  };
}

function wrongHeader(dice: Dice, corpus: Corpus): Message {
  const { key, value, headers } = dice.pick(corpus);
  return { key, value, headers: { ...headers, parley: mutatedLine(dice, lineOf(headers), 0) } };
}

function wrongValue(dice: Dice, corpus: Corpus): Message {
  const { key, value, headers } = dice.pick(corpus);
  const others = corpus.map(record => record.value ?? Buffer.alloc(0));
  return { key, value: mutated(dice, value ?? Buffer.alloc(0), others), headers };
}

/** For an instance that lives, so that it is read. */
function wrongFrames(dice: Dice, corpus: Corpus, { addressed }: Known): Message {
  return { ...wrongValue(dice, corpus), key: null, headers: { parley: dice.pick(addressed) } };
}

/** Frames of calls that nobody made, in great numbers. */
function strayFrames(dice: Dice, _corpus: Corpus, { addressed }: Known): Message {
  const lines = Array.from({ length: 1 + dice.below(20) }, () => {
    const of = `${dice.id(22)} ${dice.id(11)}`;
    return dice.pick([
      `accept ${of} ${dice.below(1000)} ${dice.id(12)} - victim`,
      `accept ${of} ${Number.MAX_SAFE_INTEGER} ${dice.id(12)} ird victim`,
      `next ${of} ${Number.MAX_SAFE_INTEGER} 0`,
      `part ${of} 0 ${Number.MAX_SAFE_INTEGER} ${Number.MAX_SAFE_INTEGER}`,
      `complete ${of} ${Number.MAX_SAFE_INTEGER} 4294967295`,
      `credit ${of} ${Number.MAX_SAFE_INTEGER} ${Number.MAX_SAFE_INTEGER}`,
      `cancel ${of} because`,
      `pulse client ${dice.id(12)} ${Number.MAX_SAFE_INTEGER} ${Number.MAX_SAFE_INTEGER} 0 -`,
      `pulse server ${dice.id(12)} 0 0 0 l`,
      `unheard-of ${of}`,
    ]);
  });
  return { value: Buffer.concat(lines.map(frameOf)), headers: { parley: dice.pick(addressed) } };
}

function frameOf(line: string): Buffer {
  const prefix = Buffer.alloc(6);
  prefix.writeUInt16BE(line.length, 0);
  return Buffer.concat([prefix, Buffer.from(line, 'latin1')]);
}

/** What looks like a request, of somebody who is not there. */
function fromNowhere(dice: Dice, _corpus: Corpus, known: Known): Message {
  const address = `${dice.pick(known.inboxes)} ${dice.below(2)} ${dice.id(12)}`;
  return request(dice, known, address);
}

/** Replies to it go where none may, or nowhere. */
function forgedReply(dice: Dice, _corpus: Corpus, known: Known): Message {
  const topic = dice.pick([
    ...known.topics,
    '__consumer_offsets',
    `${known.prefix}${dice.id(6)}.inbox`,
    `${known.prefix}nobody.inbox`,
    dice.pick(known.inboxes),
  ]);
  const partition = dice.pick([0, 1, 2, 77, 2_147_483_647, 2_147_483_648, Number.MAX_SAFE_INTEGER]);
  return request(dice, known, `${topic} ${partition} ${dice.id(12)}`);
}

function request(dice: Dice, { patterns }: Known, address: string): Message {
  const pattern = dice.oneIn(5) ? dice.id(10) : dice.pick(patterns);
  const limits = dice.pick([
    '1000 4096 1 j',
    '9007199254740991 0 1 j',
    '30000 9007199254740991 9 t',
    '1 1 1 u',
  ]);
  const rest = dice.pick(['65536 0', '0 0', '9007199254740991 9007199254740991', '65536 1']);
  return {
    key: dice.oneIn(3) ? dice.id(4) : null,
    value: dice.pick(['{}', '1', '"text"', '{"$buffer":5}', '{"__proto__":{"polluted":true}}', '']),
    headers: { parley: `1 request ${dice.id(22)} ${pattern} ${address} ${limits} ${dice.id(22)} ${rest}` },
  };
}

function part(dice: Dice): Message {
  const at = dice.pick([0, 1024, 2048, 1_000_000, Number.MAX_SAFE_INTEGER]);
  const size = dice.pick([0, 1, 2048, 3072, 1_000_000, Number.MAX_SAFE_INTEGER]);
  const callId = dice.oneIn(2) ? `call${dice.below(20)}` : dice.id(22);
  return {
    value: Buffer.alloc(dice.pick([0, 1, 1024, 1500])),
    headers: { parley: `1 part ${callId} 1 ${at} ${size} ${1 + dice.below(2000)}` },
  };
}

/** Its parts never came, or others did. */
function orphanedRequest(dice: Dice, _corpus: Corpus, known: Known): Message {
  const message = request(dice, known, `${dice.pick(known.inboxes)} 0 ${dice.id(12)}`);
  const size = dice.pick([1, 2048, 3072, Number.MAX_SAFE_INTEGER]);
  const line = String(message.headers!['parley']).replace(
    /^1 request \S+/,
    `1 parted-request ${size} call${dice.below(20)}`,
  );
  return { ...message, headers: { parley: line } };
}

/** An event that claims to be for somebody, or to have failed before. */
function addressedEvent(dice: Dice, corpus: Corpus): Message {
  const { key, value, headers } = dice.pick(corpus);
  return {
    key,
    value,
    headers: {
      ...headers,
      ...dice.pick([
        { 'parley-for-service': dice.pick(['victim', 'nobody', '']) },
        { 'parley-for-service': 'victim', 'parley-for-handler': dice.id(8) },
        { 'parley-retry-attempts': '-5', 'parley-retry-due-at': 'never' },
        { 'parley-dead-attempts': '9', 'parley-dead-service': 'victim' },
        { 'parley-metadata': '{"__proto__":{"polluted":true}}' },
        { 'parley-redrives': '999999999', 'parley-redrive-history': '['.repeat(1000) },
      ]),
    },
  };
}

function odd(dice: Dice, corpus: Corpus): Message {
  const { headers, value } = dice.pick(corpus);
  return dice.pick<Message>([
    { key: null, value: null },
    { key: dice.id(5), value: null, headers },
    { key: '', value: '', headers: { parley: '' } },
    { key: null, value, headers: { parley: '2 request' } },
    { key: Buffer.alloc(1000, 'k'), value, headers: {} },
    { key: null, value, headers: { ...headers, ['__proto__']: 'x', constructor: 'y' } },
  ]);
}

/** Costly to read, or to hold: many headers, a long one, JSON that nests without end. */
function bomb(dice: Dice, corpus: Corpus): Message {
  const { key, headers } = dice.pick(corpus);
  switch (dice.below(4)) {
    case 0: {
      const many = Array.from({ length: 2000 }, (_, index) => [`h${index}`, 'x'] as const);
      return { key, value: '1', headers: { ...headers, ...Object.fromEntries(many) } };
    }
    case 1:
      return { key, value: '1', headers: { ...headers, long: Buffer.alloc(50_000, 'x') } };
    case 2:
      return { key, value: dice.pick(['[', '{"a":']).repeat(10_000), headers };
    default:
      return { key, value: '['.repeat(10_000) + ']'.repeat(10_000), headers };
  }
}

function lineOf(headers: RawRecord['headers']): string {
  return headers['parley']?.toString('latin1') ?? '';
}
