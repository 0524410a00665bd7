import getPort from 'get-port';
import { Kafka, logLevel } from 'kafkajs';
import type { NodeAddress, NodeProperties } from '../node-properties.js';
import { type KafkaOptions, startKafka } from '../start-kafka.js';
import { Authority } from './authority.js';
import { Rules } from './rules.js';
import { setScramPassword } from './scram.js';

export interface SecuredKafkaOptions extends Pick<KafkaOptions, 'log' | 'signal'> {
  /** Passwords of the users that PLAIN knows, by name. SCRAM users are made later, OAUTHBEARER takes any. */
  plainUsers: Readonly<Record<string, string>>;
  /**
   * How long a SASL session may last, in ms, on the entrance `brief`: then brokers close a connection that has not
   * proved anew who it is (KIP-368).
   */
  sessionMs: number;
}

/** A broker that lets nobody in but who proves who it is, and allows nothing that no rule allows. */
export interface SecuredKafka {
  /** Plain text, where everything is allowed: for set-up, and to look at what has happened. */
  readonly bootstrap: string;
  /** `host:port` by TLS and SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER. */
  readonly sasl: string;
  /** As `sasl`, with sessions that last `sessionMs`. */
  readonly brief: string;
  /** `host:port` by TLS with a client's certificate: who it names is who comes. */
  readonly mutual: string;
  /** Who signed the broker's certificate, for 127.0.0.1 and for `localhost`, and signs those of clients. */
  readonly authority: Authority;
  /** Who may do what. */
  readonly rules: Rules;
  setScramPassword(user: string, password: string): Promise<void>;
  close(): Promise<void>;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

/** Starts one such broker. Tokens are taken unsigned: it is for tests. Throws a MissingToolError as startKafka does. */
export async function startSecuredKafka(options: SecuredKafkaOptions): Promise<SecuredKafka> {
  const authority = await Authority.create('Parley test authority');
  const identity = await authority.issue('broker', { hosts: ['localhost'], addresses: ['127.0.0.1'] });
  const [sasl, brief, mutual] = [await getPort(), await getPort(), await getPort()];
  const kafka = await startKafka({
    ...options,
    properties: node => ({
      ...listenersOf(node, { sasl, brief, mutual }),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': false,
      'super.users': 'User:ANONYMOUS',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': inline(identity.cert),
      'ssl.keystore.key': inline(identity.key),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': inline(authority.cert),
      'listener.name.mutual.ssl.client.auth': 'required',
      'listener.name.mutual.ssl.principal.mapping.rules': 'RULE:^CN=(.*?)$/$1/,DEFAULT',
      ...saslProperties('sasl', options.plainUsers),
      ...saslProperties('brief', options.plainUsers),
      'listener.name.brief.connections.max.reauth.ms': options.sessionMs,
    }),
  });
  const admin = new Kafka({
    clientId: 'set-up',
    brokers: [kafka.bootstrap],
    logLevel: logLevel.NOTHING,
  }).admin();
  try {
    await admin.connect();
  } catch (error) {
    await kafka.close();
    throw error;
  }
  return {
    bootstrap: kafka.bootstrap,
    sasl: `127.0.0.1:${sasl}`,
    brief: `127.0.0.1:${brief}`,
    mutual: `127.0.0.1:${mutual}`,
    authority,
    rules: new Rules(admin),
    setScramPassword: (user, password) => setScramPassword(kafka.bootstrap, user, password),
    close: async () => {
      await admin.disconnect();
      await kafka.close();
    },
  };
}

function listenersOf(
  { port, controllerPort }: NodeAddress,
  { sasl, brief, mutual }: { sasl: number; brief: number; mutual: number },
): NodeProperties {
  const entrances = Object.entries({ PLAINTEXT: port, SASL: sasl, BRIEF: brief, MUTUAL: mutual })
    .map(([name, at]) => `${name}://127.0.0.1:${at}`)
    .join(',');
  return {
    listeners: `${entrances},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': entrances,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL,BRIEF:SASL_SSL,MUTUAL:SSL',
  };
}

function saslProperties(listener: string, plainUsers: SecuredKafkaOptions['plainUsers']): NodeProperties {
  const login = 'org.apache.kafka.common.security';
  const users = Object.entries(plainUsers).map(([name, password]) => `user_${name}="${password}"`);
  const of = (mechanism: string) => `listener.name.${listener}.${mechanism}.sasl.jaas.config`;
  const scram = `${login}.scram.ScramLoginModule required;`;
  return {
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: MECHANISMS.join(','),
    [of('plain')]: `${login}.plain.PlainLoginModule required ${users.join(' ')};`,
    [of('scram-sha-256')]: scram,
    [of('scram-sha-512')]: scram,
    [of('oauthbearer')]:
      `${login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
}

/** As a properties file holds several lines in one. */
function inline(pem: string): string {
  return pem.trim().replaceAll(/\r?\n/g, '\\n');
}
