import { PluginError } from '../../core/errors.ts';
import type { Hook } from '../service.ts';

/** One provider of one hook. */
export interface Target {
  readonly hook: Hook;
  readonly plugin: string;
  /** The object that has the hook; it is `this` in there. */
  readonly provider: object;
  readonly run: (...args: unknown[]) => unknown;
}

/** A provider's failure, with the names of hook and plugin. */
export function failureOf({ hook, plugin }: Target, cause: unknown): PluginError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new PluginError(
    `Hook "${hook.service}.${hook.name}" failed in plugin "${plugin}": ${said}`,
    { plugin, key: hook.service, hook: hook.name },
    { cause },
  );
}
