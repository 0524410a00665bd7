import { Observable } from 'rxjs';
import { type Body, body } from '../body.js';

/**
 * So many bodies, some in each turn of the event loop. Nest's transports have no back-pressure: given everything
 * in one turn, they queue it all, and TCP and gRPC come to a sixth of what they reach otherwise.
 */
export function bodiesPerTurn(items: number, perTurn: number): Observable<Body> {
  return new Observable<Body>(subscriber => {
    let index = 0;
    const turn = (): void => {
      for (const end = Math.min(items, index + perTurn); index < end; index++) subscriber.next(body(index));
      if (index === items) subscriber.complete();
      else next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    return () => clearImmediate(next);
  });
}

/** The same, as fast as it is pulled. */
// oxlint-disable-next-line typescript/require-await -- there is nothing to wait for between two items
export async function* bodiesPulled(items: number): AsyncGenerator<Body> {
  for (let index = 0; index < items; index++) yield body(index);
}
