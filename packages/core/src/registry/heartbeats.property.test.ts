/**
 * Heartbeats in any order, with pauses and restarts of the router, compared with a model that knows only when
 * each server's last heartbeat arrived. The rule: a primary was heard within the timeout, and stays primary
 * as long as that is so.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterRecord } from '../assignment.js';
import { serverId } from '../ids.js';
import { DEFAULT_TIMING } from '../timing.js';
import { Registry } from './registry.js';
import { DEFAULT_HEARTBEAT_TIMEOUT_MS } from './registry-limits.js';
import type { RegistryInput } from './registry-messages.js';

const SERVERS = 3;

const action = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('heartbeat' as const), fc.integer({ min: 1, max: SERVERS })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('auxiliary' as const), fc.integer({ min: 1, max: SERVERS })) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('pass' as const), fc.integer({ min: 1, max: 6_000 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart' as const), fc.constant(0)) },
);

class Model {
  readonly #heardAt = new Map<number, number>();
  #record: ClusterRecord | undefined;
  #registry = this.#load();
  #now = 0;
  #tokens = 0;
  takeovers = 0;
  returns = 0;

  heartbeat(id: number, type = 'server'): void {
    this.#tokens += 1;
    if (type === 'server') {
      if (!this.#isIn(id) && this.#heardAt.has(id)) this.returns += 1;
      this.#heardAt.set(id, this.#now);
    }
    const heartbeat = { cluster: 1, serverId: serverId(id), address: `${type}${id}:1`, type };
    this.#step({ kind: 'heartbeat', token: this.#tokens, heartbeat });
  }

  /** To the millisecond: the registry is stepped when it wants to be. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (let at = this.#registry.nextDeadline(); at !== undefined && at <= until; ) {
      this.#now = Math.max(this.#now, at);
      this.#step({ kind: 'tick' });
      at = this.#registry.nextDeadline();
    }
    this.#now = until;
    this.#step({ kind: 'tick' });
  }

  restart(): void {
    for (const id of this.#heardAt.keys()) if (this.#isIn(id)) this.#heardAt.set(id, this.#now);
    this.#registry = this.#load();
    this.#step({ kind: 'tick' });
  }

  #load(): Registry {
    const records = this.#record === undefined ? [] : [this.#record];
    return new Registry({ networkId: 'network-1', clusters: 1, timing: DEFAULT_TIMING, records });
  }

  #isIn(id: number): boolean {
    return this.#now - (this.#heardAt.get(id) ?? Number.NEGATIVE_INFINITY) < DEFAULT_HEARTBEAT_TIMEOUT_MS;
  }

  #step(input: RegistryInput): void {
    const before = this.#record;
    for (const output of this.#registry.step(this.#now, input))
      if (output.kind === 'persist') this.#record = output.record;
      else if (output.kind === 'answer' && output.answer.kind === 'heartbeat-noted')
        this.#checkAnswer(input, output.answer.isFirst);
    this.#check(before);
  }

  #check(before: ClusterRecord | undefined): void {
    const [assignment] = this.#registry.assignments();
    assert.ok(assignment !== undefined);
    const { available, primary, members, inSync } = assignment;
    for (const member of members)
      assert.equal(member.live, this.#isIn(member.serverId), `s${member.serverId} at ${this.#now}`);
    const ins = members.filter(({ live }) => live);
    assert.equal(available, ins.length > 0);
    assert.deepEqual(inSync, []);
    if (available) assert.ok(ins.some((member) => member.serverId === primary?.serverId));
    const old = before?.primary?.serverId;
    if (primary?.serverId === old || old === undefined) return;
    this.takeovers += 1;
    assert.ok(!this.#isIn(old), `s${old} was deposed while it was heard`);
    assert.equal(primary?.serverId, ins[0]?.serverId, 'the first in the order of registration');
  }

  #checkAnswer(input: RegistryInput, isFirst: boolean): void {
    if (input.kind !== 'heartbeat' || input.heartbeat.type !== 'server') return;
    assert.equal(isFirst, this.#record?.primary?.serverId === input.heartbeat.serverId);
  }
}

test('a primary was heard within the timeout, and stays primary as long as that is true', () => {
  let takeovers = 0;
  let returns = 0;
  fc.assert(
    fc.property(fc.array(action, { minLength: 10, maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const [what, value] of steps)
        if (what === 'heartbeat') model.heartbeat(value);
        else if (what === 'auxiliary') model.heartbeat(value, 'synchronizer');
        else if (what === 'pass') model.pass(value);
        else model.restart();
      takeovers += model.takeovers;
      returns += model.returns;
    }),
    { numRuns: 200 },
  );
  assert.ok(takeovers > 50 && returns > 50, `${takeovers} takeovers, ${returns} returns: the model lives`);
});
