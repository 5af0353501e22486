import { describe, expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  test('stands still until it is moved', async () => {
    const clock = new VirtualClock(1000);
    let awake = false;
    const sleeping = clock.platform.sleep(50).then(() => {
      awake = true;
    });
    await clock.advanceTo(1049);
    expect([clock.platform.now(), clock.platform.elapsed(), awake]).toEqual([1049, 1049, false]);
    await clock.advanceTo(1050);
    await sleeping;
    expect(awake).toBe(true);
  });

  test('wakes one after the other, each at its time, also who fell asleep meanwhile', async () => {
    const clock = new VirtualClock(0);
    const times: string[] = [];
    async function beat(name: string, ms: number): Promise<void> {
      for (;;) {
        await clock.platform.sleep(ms);
        times.push(`${name}${clock.now}`);
      }
    }
    void beat('a', 30);
    void beat('b', 20);
    await clock.advanceTo(65);
    expect(times).toEqual(['b20', 'a30', 'b40', 'a60', 'b60']);
    expect(clock.now).toBe(65);
  });

  test('sleep ends with its signal', async () => {
    const clock = new VirtualClock(0);
    const controller = new AbortController();
    const sleeping = clock.platform.sleep(10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.platform.sleep(10, controller.signal)).rejects.toThrow('enough');
  });

  test('set leaves sleepers what is left of their sleep', async () => {
    const clock = new VirtualClock(0);
    let awake = false;
    void clock.platform.sleep(10).then(() => {
      awake = true;
    });
    clock.set(5000);
    await clock.advanceTo(5009);
    expect(awake).toBe(false);
    await clock.advanceTo(5010);
    await clock.advanceTo(5010);
    expect(awake).toBe(true);
  });

  test('asleep resolves once somebody sleeps', async () => {
    const clock = new VirtualClock(0);
    const order: string[] = [];
    const asleep = clock.asleep().then(() => order.push('asleep'));
    await clock.advanceTo(1);
    order.push('before');
    const sleeping = clock.platform.sleep(1);
    await asleep;
    await clock.asleep();
    expect(order).toEqual(['before', 'asleep']);
    await clock.advanceTo(2);
    await sleeping;
  });

  test('allAwake resolves once nobody sleeps', async () => {
    const clock = new VirtualClock(0);
    const controller = new AbortController();
    const sleeping = clock.platform.sleep(1, controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await Promise.all([clock.allAwake(), expect(sleeping).rejects.toThrow('enough')]);
    await clock.allAwake();
  });
});
