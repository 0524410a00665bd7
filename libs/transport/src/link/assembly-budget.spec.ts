import { describe, expect, it } from 'vitest';
import { AssemblyBudget } from './assembly-budget.js';

describe('the assembly budget', () => {
  it('gives room in turn, each as soon as there is enough', () => {
    const budget = new AssemblyBudget(100);
    const started: string[] = [];
    const reserve = (name: string, bytes: number) => budget.reserve(bytes, () => started.push(name));
    const a = reserve('a', 60);
    const b = reserve('b', 60);
    const c = reserve('c', 10);
    expect(started).toEqual(['a']);
    a.release();
    expect(started).toEqual(['a', 'b', 'c']);
    b.release();
    b.release();
    c.release();
    expect(budget.inUse).toBe(0);
  });

  it('lets one that is larger than all there is have its turn alone', () => {
    const budget = new AssemblyBudget(100);
    const started: string[] = [];
    const small = budget.reserve(1, () => started.push('small'));
    const large = budget.reserve(500, () => started.push('large'));
    budget.reserve(1, () => started.push('after'));
    small.release();
    expect(started).toEqual(['small', 'large']);
    large.release();
    expect(started).toEqual(['small', 'large', 'after']);
  });

  it('forgets whoever does not wait any more', () => {
    const budget = new AssemblyBudget(100);
    const started: string[] = [];
    const first = budget.reserve(100, () => started.push('first'));
    const gone = budget.reserve(100, () => started.push('gone'));
    budget.reserve(10, () => started.push('last'));
    gone.release();
    expect(started).toEqual(['first']);
    first.release();
    expect(started).toEqual(['first', 'last']);
    expect(budget.inUse).toBe(10);
  });
});
