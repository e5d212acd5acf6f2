import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { GoogleError } from './google-error.ts';
import type { GoogleUser } from './state.ts';

/** What users.watch can tell of (Admin SDK, "Push notifications"). */
export const userEvents = ['add', 'delete', 'makeAdmin', 'undelete', 'update'] as const;
export type UserEvent = (typeof userEvents)[number];

/** A notification channel. */
export type Channel = {
  id: string;
  resourceId: string;
  resourceUri: string;
  address: string;
  token: string | undefined;
  event: string | undefined;
  expiresAtMs: number;
  /** Of the last message. */
  messageNumber: number;
};

/** A notification that was sent, and how it was answered; status 0: not at all. */
export type Delivery = { channelId: string; state: string; userId: string; status: number };

/** The channels of a directory, how notifications are delivered, and what became of them. */
export type Channels = {
  open: Map<string, Channel>;
  deliveries: Delivery[];
  /** Each notification comes so many times, and so late. */
  copies: number;
  delayMs: number;
};

/** No channels, and notifications that come once and at once. */
export function makeChannels(): Channels {
  return { open: new Map(), deliveries: [], copies: 1, delayMs: 0 };
}

const DEFAULT_TTL_SECONDS = 7_200;
const MAX_TTL_SECONDS = 172_800;
/** After a 5xx; every other status but success is final. */
const RETRY_PAUSES_MS = [200, 400, 800];

/** users.watch: opens a channel, and has it say that it is open. */
export function openChannel(
  channels: Channels,
  { event, body }: { event: string | undefined; body: Record<string, unknown> },
): Record<string, unknown> {
  const { id, type, address, token } = body;
  const ttl = Number((body['params'] as { ttl?: unknown } | undefined)?.ttl ?? DEFAULT_TTL_SECONDS);
  if (typeof id !== 'string' || id === '' || id.length > 64 || channels.open.has(id)) {
    throw new GoogleError(400, 'channelIdNotUnique', 'Channel id not unique');
  }
  if (type !== 'web_hook' || typeof address !== 'string' || !/^https?:/.test(address)) {
    throw new GoogleError(400, 'badRequest', 'WebHook callback must be HTTPS');
  }
  if (event !== undefined && !userEvents.includes(event as UserEvent)) {
    throw new GoogleError(400, 'invalid', 'Invalid Input: event');
  }
  const channel: Channel = {
    id,
    address,
    event,
    token: typeof token === 'string' ? token : undefined,
    resourceId: createHash('sha256').update(`users ${event}`).digest('base64url').slice(0, 27),
    resourceUri: `https://admin.googleapis.com/admin/directory/v1/users?event=${event}&alt=json`,
    expiresAtMs: Date.now() + Math.min(ttl, MAX_TTL_SECONDS) * 1000,
    messageNumber: 0,
  };
  channels.open.set(id, channel);
  void deliver(channels, channel, 'sync', undefined);
  const { resourceId, resourceUri, expiresAtMs } = channel;
  return {
    kind: 'api#channel',
    id,
    resourceId,
    resourceUri,
    ...(token !== undefined && { token }),
    expiration: expiresAtMs,
  };
}

/** channels.stop. */
export function stopChannel(channels: Channels, { id, resourceId }: Record<string, unknown>): void {
  const channel = channels.open.get(String(id));
  if (!channel || channel.resourceId !== resourceId) {
    throw new GoogleError(404, 'notFound', `Channel '${String(id)}' not found for project`);
  }
  channels.open.delete(channel.id);
}

/** Tells every channel that watches for it what happened to a user. */
export function notify(channels: Channels, event: UserEvent, user: Pick<GoogleUser, 'id' | 'primaryEmail'>): void {
  for (const channel of channels.open.values()) {
    if (channel.expiresAtMs <= Date.now()) channels.open.delete(channel.id);
    else if (channel.event === undefined || channel.event === event) {
      for (let copy = 0; copy < channels.copies; copy++) void deliver(channels, channel, event, { ...user });
    }
  }
}

/** The status; 0: no answer. */
async function post(address: string, headers: Record<string, string>, body: object | undefined): Promise<number> {
  const json = { 'content-type': 'application/json; utf-8' };
  const request = { method: 'POST', headers: { ...headers, ...json }, ...(body && { body: JSON.stringify(body) }) };
  return fetch(address, request).then(
    ({ status }) => status,
    () => 0,
  );
}

/** Sends a message, again after a 5xx. Whoever changes the directory does not wait for it. */
async function deliver(
  channels: Channels,
  channel: Channel,
  state: string,
  user: Pick<GoogleUser, 'id' | 'primaryEmail'> | undefined,
): Promise<void> {
  // A sync message is always the first; later numbers grow with gaps.
  channel.messageNumber += user ? 1 + (randomBytes(1)[0]! % 10) : 1;
  const headers = {
    'x-goog-channel-id': channel.id,
    'x-goog-channel-expiration': new Date(channel.expiresAtMs).toUTCString(),
    'x-goog-resource-id': channel.resourceId,
    'x-goog-resource-uri': channel.resourceUri,
    'x-goog-resource-state': state,
    'x-goog-message-number': String(channel.messageNumber),
    ...(channel.token !== undefined && { 'x-goog-channel-token': channel.token }),
  };
  const etag = `"${randomBytes(12).toString('base64url')}"`;
  const body = user && { kind: 'admin#directory#user', id: user.id, etag, primaryEmail: user.primaryEmail };
  await pause(channels.delayMs, undefined, { ref: false });
  const delivery: Delivery = { channelId: channel.id, state, userId: user?.id ?? '', status: 0 };
  for (const pauseMs of [...RETRY_PAUSES_MS, undefined]) {
    delivery.status = await post(channel.address, headers, body);
    if (pauseMs === undefined || ![500, 502, 503, 504].includes(delivery.status)) break;
    await pause(pauseMs, undefined, { ref: false });
  }
  channels.deliveries.push(delivery);
}
