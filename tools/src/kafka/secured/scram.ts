import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { alterUserScramCredentialsV0, Connection } from '@platformatic/kafka';

const ITERATIONS = 4_096;
const MECHANISMS = [
  { number: 1, digest: 'sha256', bytes: 32 },
  { number: 2, digest: 'sha512', bytes: 64 },
] as const;

/** Makes a user of SCRAM-SHA-256 and SCRAM-SHA-512, or gives it another password. */
export async function setScramPassword(broker: string, user: string, password: string): Promise<void> {
  const [host = '', port] = broker.split(':');
  const connection = new Connection('set-up');
  try {
    await connection.connect(host, Number(port));
    // A broker takes one change of a user in each request.
    for (const { number, digest, bytes } of MECHANISMS) {
      const salt = randomBytes(24);
      const saltedPassword = await promisify(pbkdf2)(password, salt, ITERATIONS, bytes, digest);
      const change = { name: user, mechanism: number, iterations: ITERATIONS, salt, saltedPassword };
      await alterUserScramCredentialsV0.api.async(connection, [], [change]);
    }
  } finally {
    await connection.close();
  }
}
