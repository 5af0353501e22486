import { InputError } from '../../core/errors.ts';
import type { Mode } from '../hook.ts';
import type { Hook } from '../service.ts';
import type { Dispatch } from './modes.ts';

/** The error policies that each mode knows; the types say the same: `PolicyOf`. */
const POLICIES: Readonly<Record<Mode, readonly string[]>> = {
  series: ['rethrow', 'collect', 'skip'],
  parallel: ['rethrow', 'collect', 'skip'],
  background: [],
  pipe: ['rethrow', 'skip'],
  decide: ['rethrow', 'skip'],
  anyOf: ['rethrow', 'skip'],
  allOf: ['rethrow', 'skip'],
};

/** Options that belong to one mode. */
const OF_ONE_MODE = { concurrent: 'series', otherwise: 'decide', waitUntil: 'background' } as const;

/**
 * Refuses what the types refuse already, for code without types: a mode has no use for an option of another one, and who gives it
 * expects something else to happen.
 *
 * @throws InputError naming hook and option
 */
export function refuseOptions(hook: Hook, options: Dispatch['options']): void {
  const where = `hook "${hook.service}.${hook.name}" of mode ${hook.mode}`;
  const { onError, timeout } = options;
  if (onError !== undefined && !POLICIES[hook.mode].includes(onError)) {
    throw new InputError(`Option onError cannot be ${JSON.stringify(onError)} for ${where}`);
  }
  for (const [name, mode] of Object.entries(OF_ONE_MODE)) {
    if (mode !== hook.mode && name in options) throw new InputError(`Option ${name} is not for ${where}`);
  }
  if (timeout === undefined) return;
  if (hook.sync) throw new InputError(`Option timeout is not for ${where}, which is synchronous`);
  if (!(timeout > 0)) throw new InputError(`Option timeout must be a number of milliseconds above 0, not ${timeout}`);
}
