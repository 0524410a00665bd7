import { APIS } from './api.js';
import type { ApiRequest } from './api.js';

const NO_RIGHTS = 0;

/** Who is in a group, as its coordinator knows it. A group that it has never heard of has no members. */
export function describeGroupRequest(group: string): ApiRequest<{ errorCode: number; members: string[] }[]> {
  return {
    api: APIS.describeGroups,
    write(body) {
      body.array([group], (writer, id) => writer.string(id)).int8(NO_RIGHTS);
    },
    read(body) {
      body.int32(); // throttle time
      return body.array(reader => {
        const errorCode = reader.int16();
        reader.string(); // the group
        reader.string(); // its state
        reader.string(); // protocol type
        reader.string(); // protocol
        const members = reader.array(member => {
          const memberId = member.string();
          member.nullableString(); // static instance
          member.string(); // client id
          member.string(); // client host
          member.nullableBytes(); // what it told the assigner
          member.nullableBytes(); // its share
          return memberId;
        });
        reader.int32(); // authorised operations
        return { errorCode, members };
      });
    },
  };
}
