import { cpus, release, totalmem, type } from 'node:os';

/** What the figures depend on. */
export interface Environment {
  date: string;
  node: string;
  os: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  kafka: string;
  secondsCounted: number;
}

export function environment(kafka: string, secondsCounted: number): Environment {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    os: `${type()} ${release()}`,
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kafka,
    secondsCounted,
  };
}
