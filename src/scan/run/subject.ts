/** What a callback is called for. */
export interface Subject {
  readonly db?: string;
  /** Of a document or a design document. */
  readonly id?: string;
  readonly rev?: string;
}
