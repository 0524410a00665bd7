import type { GroupMember } from '../kafkajs/assigner.js';
import { messageOf } from '../kafkajs/errors.js';
import type { PlatformaticKafka } from './client.js';

/** Shared with the kafkajs driver, so that one group may have members on both while a deploy changes the driver. */
export const PROTOCOL = 'parley';
const VERSION = 0;

type Partitions = Record<string, number[]>;

/** What a member tells the group's leader: the topics it reads and the partitions it owns. */
export function encodeMember(
  { Writer }: PlatformaticKafka,
  topics: readonly string[],
  owned: Partitions,
): Buffer {
  return Writer.create()
    .appendInt16(VERSION)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendBytes(Buffer.from(JSON.stringify(owned)), false).buffer;
}

/** Other members wrote this: what cannot be read counts as nothing subscribed to, and nothing owned. */
export function decodeMember(
  { Reader }: PlatformaticKafka,
  memberId: string,
  metadata: Buffer | null,
): GroupMember {
  try {
    const reader = Reader.from(metadata ?? Buffer.alloc(0));
    reader.readInt16();
    const topics = reader.readArray(() => reader.readString(false), false, false);
    return { memberId, topics, owned: parseOwned(reader.readNullableBytes(false)) };
  } catch {
    return { memberId, topics: [] };
  }
}

export function encodeAssignment({ Writer }: PlatformaticKafka, partitions: Partitions): Buffer {
  return Writer.create()
    .appendInt16(VERSION)
    .appendArray(
      Object.entries(partitions),
      (writer, [topic, numbers]) =>
        writer
          .appendString(topic, false)
          .appendArray(numbers, (entry, partition) => entry.appendInt32(partition), false, false),
      false,
      false,
    )
    .appendBytes(Buffer.alloc(0), false).buffer;
}

/** Raises an Error where the group's leader wrote what cannot be read. Empty bytes assign nothing. */
export function decodeAssignment(
  { Reader }: PlatformaticKafka,
  assignment: Buffer,
): { topic: string; partition: number }[] {
  if (assignment.length === 0) return [];
  try {
    const reader = Reader.from(assignment);
    reader.readInt16();
    return reader
      .readArray(
        () => {
          const topic = reader.readString(false);
          const numbers = reader.readArray(() => reader.readInt32(), false, false);
          return numbers.map(partition => ({ topic, partition }));
        },
        false,
        false,
      )
      .flat();
  } catch (cause) {
    throw new Error(`The group's leader sent an assignment that cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function parseOwned(userData: Buffer | null): Partitions {
  const owned: Partitions = {};
  try {
    const parsed: unknown = JSON.parse(userData?.toString() || '{}');
    if (typeof parsed !== 'object' || parsed === null) return owned;
    for (const [topic, partitions] of Object.entries(parsed)) {
      if (Array.isArray(partitions)) owned[topic] = partitions.filter(Number.isInteger);
    }
  } catch {
    // not JSON: nothing owned
  }
  return owned;
}
