/** What an operator could set in CouchDB's configuration. May be changed while the server runs. */
export interface ServerConfig {
  /** Every request needs credentials (`[chttpd] require_valid_user`). */
  requireValidUser: boolean;
  /** Bytes of a document without its attachments. */
  maxDocumentSize: number;
  /** Bytes of one attachment. */
  maxAttachmentSize: number;
  /** Bytes of a request body, decompressed. */
  maxHttpRequestSize: number;
  /** The most names that one `_dbs_info` may ask for. */
  maxDatabasesPerInfo: number;
  /** The longest a feed waits before it ends or sends a heartbeat, whatever it was asked, in milliseconds. */
  changesTimeout: number;
  /** How many bytes of rows are gathered into one HTTP chunk. */
  chunkSize: number;
  /** The life of a session cookie, in seconds. */
  authTimeout: number;
  /** How many failed attempts of one user from one address lock the two out. */
  lockoutThreshold: number;
  /** Cross-origin requests, off where absent. */
  cors: CorsConfig | undefined;
}

/** Who may ask across origins, and what. */
export interface CorsConfig {
  readonly origins: readonly string[];
  readonly credentials: boolean;
  readonly headers: readonly string[];
  readonly methods: readonly string[];
}

/** What CouchDB 3.4 does when nobody configures anything. */
export function defaultConfig(): ServerConfig {
  return {
    requireValidUser: false,
    maxDocumentSize: 8_000_000,
    maxAttachmentSize: 1_073_741_824,
    maxHttpRequestSize: 4_294_967_296,
    maxDatabasesPerInfo: 100,
    changesTimeout: 60_000,
    chunkSize: 1490,
    authTimeout: 600,
    lockoutThreshold: 5,
    cors: undefined,
  };
}
