/** As long as a kubelet waits by default, in ms. */
const ANSWERS_WITHIN_MS = 1000;

/** The status of a probe's answer, or `none` where no answer comes in time. */
export type ProbeStatus = number | 'none';

/** The probes of one service, as a kubelet sees them. */
export class Probes {
  constructor(private readonly url: string) {}

  async status(probe: string): Promise<ProbeStatus> {
    try {
      return (await this.get(probe)).status;
    } catch {
      return 'none';
    }
  }

  /** The statuses of the probes that `like` names, under their names. */
  async statuses(like: Readonly<Record<string, unknown>>): Promise<Record<string, ProbeStatus>> {
    const statuses = Object.keys(like).map(async probe => [probe, await this.status(probe)] as const);
    return Object.fromEntries(await Promise.all(statuses));
  }

  async reasons(probe: string): Promise<string[]> {
    const response = await this.get(probe);
    const body = (await response.json()) as { details: { parley: { reasons?: string[] } } };
    return body.details.parley.reasons ?? [];
  }

  private get(probe: string): Promise<Response> {
    return fetch(`${this.url}/health/${probe}`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
  }
}
