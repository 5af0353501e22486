import type { Mode } from './hook.ts';

/** What a registry holds, for people to read and as JSON. */
export interface RegistryDescription {
  /** The names of the plugins, in the order in which they were added. */
  readonly plugins: readonly string[];
  readonly services: readonly ServiceDescription[];
  readonly data: readonly DataDescription[];
  readonly parts: readonly PartsDescription[];
}

/** A service that somebody provides. */
export interface ServiceDescription {
  readonly id: string;
  readonly hooks: readonly HookDescription[];
}

/** A hook with the plugins that provide it, in the order in which they are called. */
export interface HookDescription {
  readonly name: string;
  readonly mode: Mode;
  readonly sync: boolean;
  readonly plugins: readonly string[];
}

/** Data that somebody contributes to. */
export interface DataDescription {
  readonly id: string;
  readonly version: number;
  readonly sources: readonly SourceDescription[];
}

/** A source of data. */
export interface SourceDescription {
  readonly source: string;
  readonly plugin: string;
  /** How many entries it has delivered; undefined when it has not delivered yet. */
  readonly entries?: number;
  /** Whether it has failed since it last delivered. */
  readonly stale: boolean;
  /** What it has failed of. */
  readonly error?: string;
}

/** The parts of a component, in the order in which they are registered. */
export interface PartsDescription {
  readonly id: string;
  readonly parts: readonly { readonly name: string; readonly plugin: string; readonly override: boolean }[];
}
