import { DriverError } from '../driver.js';
import type { Cluster } from '../cluster/cluster.js';
import { brokerError, NO_ERROR } from '../errors.js';
import type { ApiRequest } from '../protocol/api.js';
import { findCoordinatorRequest } from '../protocol/group-offsets.js';

export interface CoordinatorOptions {
  group: string;
  /** For what is answered at once: heartbeats, commits. */
  prompt: Cluster;
  /**
   * For what the coordinator holds back until other members came: joins. A broker serves each connection in
   * order, so these must not share one with heartbeats and commits.
   */
  patient: Cluster;
  requestTimeoutMs: number;
}

/** The broker that coordinates a group, found when it is first needed and again after `forget`. */
export class Coordinator {
  private nodeId: number | undefined;
  private finding: Promise<number> | undefined;

  constructor(private readonly options: CoordinatorOptions) {}

  /** Rejects with a DriverError, and looks for the coordinator anew next time, where it cannot be asked. */
  async send<T>(
    request: ApiRequest<T>,
    { timeoutMs = this.options.requestTimeoutMs, patiently = false } = {},
  ): Promise<T> {
    const cluster = patiently ? this.options.patient : this.options.prompt;
    const nodeId = await this.find();
    try {
      const link = cluster.linkNow(nodeId) ?? (await cluster.link(nodeId));
      return await link.send(request, timeoutMs);
    } catch (error) {
      if (this.nodeId === nodeId) this.forget();
      throw error;
    }
  }

  forget(): void {
    this.nodeId = undefined;
  }

  private async find(): Promise<number> {
    if (this.nodeId !== undefined) return this.nodeId;
    this.finding ??= this.ask().finally(() => (this.finding = undefined));
    return (this.nodeId = await this.finding);
  }

  private async ask(): Promise<number> {
    const { group, prompt, requestTimeoutMs } = this.options;
    const link = await prompt.anyLink();
    const { errorCode, message, nodeId } = await link.send(findCoordinatorRequest(group), requestTimeoutMs);
    if (errorCode !== NO_ERROR) {
      throw brokerError(errorCode, `Looking for the coordinator of the group ${group}`, {
        detail: message,
        needs: 'Describe',
      });
    }
    if (nodeId < 0) throw new DriverError('retriable', `The group ${group} has no coordinator`);
    return nodeId;
  }
}
