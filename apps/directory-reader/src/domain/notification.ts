import { createHash, timingSafeEqual } from 'node:crypto';

/** What of the headers of a notification counts (Directory API, "Push notifications"). */
export type NotificationHeaders = { channelId: string; token: string; state: string };

/** Reads the headers; undefined where they are none of a notification: channel ids are UUIDs, which we made. */
export function readNotificationHeaders(
  headers: Record<string, string | string[] | undefined>,
): NotificationHeaders | undefined {
  const [channelId, token, state] = ['channel-id', 'channel-token', 'resource-state'].map((name) => {
    const value = headers[`x-goog-${name}`];
    return typeof value === 'string' ? value : '';
  });
  const isChannelId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(channelId!);
  return isChannelId ? { channelId: channelId!, token: token!, state: state! } : undefined;
}

/** What is kept of a channel's token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whether a notification's token is the channel's, in a time that does not tell how much of it is right. */
export function isToken(token: string, sha256: Buffer): boolean {
  return timingSafeEqual(hashToken(token), sha256);
}

/**
 * The immutable id of the user that a notification names, which is all that is taken from it; undefined: it names none.
 * Google documents the id as a number, which JSON.parse would round, and shows it as a string.
 */
export function readUserId(body: string): string | undefined {
  let id: unknown;
  try {
    const parsed: unknown = JSON.parse(body, (key, value: unknown, context?: { source?: string }) =>
      key === 'id' && typeof value === 'number' ? context?.source : value,
    );
    id = typeof parsed === 'object' && parsed !== null ? (parsed as { id?: unknown }).id : undefined;
  } catch {
    return undefined;
  }
  return typeof id === 'string' && /^\d{1,30}$/.test(id) ? id : undefined;
}
