/** What `npm run parts` builds, and the only versions that the cache is asked for. */
export const LIVEKIT_VERSION = '1.13.5';
export const VERSITYGW_VERSION = '1.8.0';
