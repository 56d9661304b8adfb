import { expect, it, vi } from 'vitest';
import { verifyWebhook } from '../../src/platform/livekit/livekit-webhook.ts';
import { parseWebhookEvent } from '../../src/platform/livekit/webhook-event.ts';
import { joinTokenFor, signingKeyOf, type Subject, TIMES } from './livekit-target.ts';

export function describeWebhooks(use: () => Subject): void {
  it('tells the life of a room by signed webhooks, in order, with a TURN password to throw away', async () => {
    const { gateway, target } = use();
    const created = await gateway.createRoom({ ...TIMES, name: 'told.1' });
    const client = await target.enter(joinTokenFor(signingKeyOf(target), 'told.1', 'g:zoe'));
    await gateway.removeParticipant('told.1', 'g:zoe');
    await gateway.deleteRoom('told.1');
    const about = () => target.webhooks.received.filter(({ json }) => roomOf(json) === 'told.1');
    await vi.waitFor(() => expect(about().map(({ json }) => json.event)).toContain('room_finished'), 10_000);
    await client.leave();

    expect(about().map(({ json }) => json.event)).toEqual([
      'room_started',
      'participant_joined',
      'participant_left',
      'room_finished',
    ]);
    for (const { body, headers } of about()) {
      expect(headers['content-type']).toBe('application/webhook+json');
      const keys = [{ ...signingKeyOf(target), use: 'sign' as const }];
      const verdict = verifyWebhook({ authorization: headers.authorization, body, keys, nowMs: Date.now() });
      expect(verdict).toMatchObject({ ok: true, claims: { key: target.key } });
    }
    const events = about().map(({ body }) => parseWebhookEvent(body));
    expect(new Set(events.map((event) => event?.id)).size).toBe(4);
    for (const event of events) expect(event?.room).toEqual({ sid: created.sid, name: 'told.1' });
    expect(events[1]?.participant).toMatchObject({ identity: 'g:zoe', kind: 'standard', name: 'Ada' });
    expect(events[2]?.participant).toMatchObject({ disconnectReason: 'PARTICIPANT_REMOVED' });
    expect(about()[0]?.body.toString()).toContain('turnPassword');
  }, 20_000);

  it('sends a refused event again after 1, 2 and 4 s with the same id and the same token', async () => {
    const { gateway, target } = use();
    target.webhooks.answer = ({ json, atMs }) => (roomOf(json) === 'retried.1' && atMs < 6_500 ? 500 : 200);
    await gateway.createRoom({ ...TIMES, name: 'retried.1' });
    const tries = () =>
      target.webhooks.received.filter(({ json }) => roomOf(json) === 'retried.1' && json.event === 'room_started');
    await vi.waitFor(() => expect(tries()).toHaveLength(4), 10_000);
    target.webhooks.answer = () => 200;
    const seconds = tries().map(({ atMs }) => Math.round(atMs / 1000));
    expect(seconds).toEqual([0, 1, 3, 7]);
    expect(new Set(tries().map(({ json }) => json.id)).size).toBe(1);
    expect(new Set(tries().map(({ headers }) => headers.authorization)).size).toBe(1);
  }, 20_000);

  it('takes a 404 as delivered, and a 503 that asks for patience as an order to wait that long', async () => {
    const { gateway, target } = use();
    target.webhooks.answer = ({ json, atMs }) => {
      if (roomOf(json) === 'lost.1') return 404;
      return roomOf(json) === 'patient.1' && atMs < 2_500 ? { status: 503, retryAfter: '3' } : 200;
    };
    await gateway.createRoom({ ...TIMES, name: 'lost.1' });
    await gateway.createRoom({ ...TIMES, name: 'patient.1' });
    const about = (room: string) => target.webhooks.received.filter(({ json }) => roomOf(json) === room);
    await vi.waitFor(() => expect(about('patient.1')).toHaveLength(2), 10_000);
    target.webhooks.answer = () => 200;
    expect(Math.round((about('patient.1')[1]?.atMs ?? 0) / 1000)).toBe(3);
    expect(about('lost.1')).toHaveLength(1);
  }, 20_000);
}

function roomOf(json: { readonly room?: { readonly name?: string } }): string | undefined {
  return json.room?.name;
}
