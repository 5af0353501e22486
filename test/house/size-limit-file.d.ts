/** The plugin of size-limit that weighs files: it comes without types. */
declare module '@size-limit/file' {
  /** As size-limit's own types have it. */
  const plugin: (...parameters: unknown[]) => unknown;
  export = plugin;
}
