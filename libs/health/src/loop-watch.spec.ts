import type { LoopHealth } from '@parley/transport';
import { describe, expect, it } from 'vitest';
import { LoopWatch } from './loop-watch.js';

function stage(...loops: LoopHealth[]) {
  const watch = new LoopWatch(() => loops);
  const look = (times: number) => {
    for (let n = 0; n < times; n += 1) watch.look();
  };
  return { watch, look };
}

describe('a watch of loops', () => {
  it('finds one that turns no more, after as many looks as the bound has seconds', () => {
    const { watch, look } = stage({ name: 'inbox', turns: 7, idle: false });
    look(3);
    expect(watch.stuck(3000)).toEqual([]);
    look(1);
    expect(watch.stuck(3000)).toEqual([{ name: 'inbox', forMs: 3000 }]);
  });

  it('passes over one that has nothing to do, and one that goes on', () => {
    const goingOn = { name: 'group', turns: 0, idle: false };
    const { watch } = stage({ name: 'sender', turns: 7, idle: true }, goingOn);
    for (let n = 0; n < 100; n += 1) {
      goingOn.turns += 1;
      watch.look();
    }
    expect(watch.stuck(1000)).toEqual([]);
  });

  it('finds nothing any more once it goes on, or is gone', () => {
    const loop = { name: 'inbox', turns: 7, idle: false };
    const loops = [loop, { name: 'group', turns: 1, idle: false }];
    const watch = new LoopWatch(() => loops);
    for (let n = 0; n < 9; n += 1) watch.look();
    expect(watch.stuck(5000)).toHaveLength(2);
    loop.turns += 1;
    loops.pop();
    watch.look();
    expect(watch.stuck(1000)).toEqual([]);
  });
});
