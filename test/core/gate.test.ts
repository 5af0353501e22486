import { describe, expect, test } from 'vitest';
import { Gate } from '../../src/core/gate.ts';

describe('Gate', () => {
  test('holds what comes while it is closed, and lets all of it pass when it is opened', async () => {
    const gate = new Gate();
    const { signal } = new AbortController();
    await gate.pass(signal);
    gate.close();
    const passed: number[] = [];
    const waiting = [1, 2, 3].map((n) => gate.pass(signal).then(() => passed.push(n)));
    await Promise.resolve();
    expect(passed).toEqual([]);
    gate.open();
    await Promise.all(waiting);
    expect(passed).toEqual([1, 2, 3]);
  });

  test('holds on when it is closed again before anybody came through', async () => {
    const gate = new Gate();
    gate.close();
    let passed = false;
    const waiting = gate.pass(new AbortController().signal).then(() => {
      passed = true;
    });
    gate.open();
    gate.close();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    expect(passed).toBe(false);
    gate.open();
    await waiting;
  });

  test('lets go of who does not want to wait any more', async () => {
    const gate = new Gate();
    gate.close();
    const controller = new AbortController();
    const waiting = gate.pass(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(gate.pass(controller.signal)).rejects.toThrow('enough');
  });
});
