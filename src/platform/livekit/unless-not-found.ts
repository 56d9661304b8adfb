import { isLivekitFailure } from './livekit-failure.ts';

/** A call's answer, or `absent` where LiveKit itself says `not_found`. */
export async function unlessNotFound<T, const F>(call: Promise<T>, absent: F): Promise<T | F> {
  try {
    return await call;
  } catch (error) {
    if (isLivekitFailure(error, 'definite') && error.code === 'not_found') return absent;
    throw error;
  }
}
