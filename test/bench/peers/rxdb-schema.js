const FIELDS = 17;

/** Of the documents of 1 kB. */
export const schema = {
  version: 0,
  type: 'object',
  primaryKey: '_id',
  properties: {
    _id: { type: 'string', maxLength: 100 },
    ...Object.fromEntries(Array.from({ length: FIELDS }, (_, index) => [`field${index}`, { type: 'string' }])),
  },
};
