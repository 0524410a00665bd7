export interface BrokerAddress {
  host: string;
  port: number;
}

/** Raises a TypeError that tells which address is none. */
export function parseAddresses(brokers: readonly string[]): BrokerAddress[] {
  if (brokers.length === 0) throw new TypeError('kafka.brokers is empty: give at least one host:port');
  return brokers.map(parseAddress);
}

function parseAddress(address: string): BrokerAddress {
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(address.trim());
  const port = Number(match?.groups?.port);
  if (!match?.groups || port < 1 || port > 65_535) {
    throw new TypeError(`kafka.brokers holds ${JSON.stringify(address)}: write each broker as host:port`);
  }
  return { host: match.groups.ipv6 ?? match.groups.host!, port };
}
