/**
 * Callers by well-known addresses, which the packaged GeoIP files place where these words say.
 * @typedef {{name: string, place: string, address: string}} Caller
 */

/** A name server of Deutsche Telekom. @type {Caller} */
export const GERMANY = { name: 'Anna', place: 'Germany', address: '194.25.0.60' };
/** The University of Maryland. @type {Caller} */
export const UNITED_STATES = { name: 'Ben', place: 'the United States', address: '128.8.10.90' };
