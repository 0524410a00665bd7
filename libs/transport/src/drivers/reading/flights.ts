import type { Cluster } from '../cluster/cluster.js';

/** One fetch at one leader. */
export interface Flight {
  readonly leader: number;
  readonly cluster: Cluster;
  /** Its records are being read, and nothing later may overtake them. */
  taking: boolean;
}

/** The fetches under way. At each leader one counts; one that was given up still occupies its connection. */
export class Flights {
  private readonly counting = new Map<number, Flight>();
  private readonly airborne = new Set<Flight>();

  /** Sets of connections in the order of preference. */
  constructor(private readonly clusters: readonly Cluster[]) {}

  /** The fetch that counts at the leader. */
  at(leader: number): Flight | undefined {
    return this.counting.get(leader);
  }

  counts(flight: Flight): boolean {
    return this.counting.get(flight.leader) === flight;
  }

  hasRoom(leader: number): boolean {
    return this.freeCluster(leader) !== undefined;
  }

  /** Undefined while one counts at the leader, and while no connection to it is free. */
  begin(leader: number): Flight | undefined {
    const cluster = this.freeCluster(leader);
    if (!cluster || this.counting.has(leader)) return undefined;
    const flight: Flight = { leader, cluster, taking: false };
    this.counting.set(leader, flight);
    this.airborne.add(flight);
    return flight;
  }

  /** Lets another one count. */
  giveUp(flight: Flight): void {
    if (this.counts(flight)) this.counting.delete(flight.leader);
  }

  end(flight: Flight): void {
    this.giveUp(flight);
    this.airborne.delete(flight);
  }

  private freeCluster(leader: number): Cluster | undefined {
    return this.clusters.find(cluster => {
      for (const flight of this.airborne) {
        if (flight.leader === leader && flight.cluster === cluster) return false;
      }
      return true;
    });
  }
}
