import { describe, expect, it } from 'vitest';
import { resolveServerOptions } from '../options/resolve-options.js';
import type { Routing } from './routing.js';
import { topicPerService } from './topic-per-service.js';
import { wholeRouting } from './whole-routing.js';

const minimal = { service: 'shop', kafka: { brokers: 'a:9092' } };

/** As an application wrote it before there were retry topics. */
function earlierRouting(): Routing {
  return { ...topicPerService(), retry: undefined, retriesGroup: undefined } as unknown as Routing;
}

describe('a routing of one’s own', () => {
  it('is refused at start by the names of what it lacks, and told how to get them', () => {
    const start = () => resolveServerOptions({ ...minimal, routing: earlierRouting() });
    expect(start).toThrow(TypeError);
    expect(start).toThrow('the routing that was given lacks retry, retriesGroup');
    expect(start).toThrow('{ ...topicPerService(prefix), calls: ... }');
    expect(() => resolveServerOptions({ ...minimal, routing: {} as Routing })).toThrow(
      'lacks calls, served,',
    );
  });

  it('is taken whole, whether an object or an instance of a class', () => {
    class Routes {
      constructor() {
        Object.assign(this, topicPerService('own-'));
      }
    }
    const routes = new Routes() as unknown as Routing;
    expect(wholeRouting(routes)).toBe(routes);
    expect(resolveServerOptions({ ...minimal, routing: routes }).link.names.event('x')).toBe('own-x');
  });
});
