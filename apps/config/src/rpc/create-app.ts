import type { CallContext } from '@autoprov/grpc';
import { ConfigServiceService, type CreateAppRequest, type CreateAppResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { findApp, insertApp } from '../store/apps.ts';
import { lockCustomer } from '../store/customers.ts';
import { existsError, notFoundError } from './errors.ts';
import { appName, presentApp } from './present.ts';
import { checkDisplayName, checkId, checkRequestId, readCustomerId, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function createApp(
  ctx: ConfigContext,
  request: CreateAppRequest,
  call: CallContext,
): Promise<CreateAppResponse> {
  const { parent, appId, validateOnly } = request;
  const { displayName = '', template = '' } = request.app ?? {};
  refuseViolations([
    ...checkId('app_id', appId),
    ...checkDisplayName('app.display_name', displayName),
    ...checkRequestId(request.requestId),
  ]);
  const customerId = readCustomerId('parent', parent);
  if (!ctx.templates.has(template)) {
    throw notFoundError(`template "${template}"`, `use one of ${[...ctx.templates.keys()].join(', ')}`);
  }
  return writeOnce(ctx, call, ConfigServiceService.createApp, request, async (tx) => {
    if (!(await lockCustomer(tx, customerId))) throw notFoundError(parent, 'create the customer first');
    const wanted = { customerId, appId, displayName, template, createTime: ctx.now() };
    const isTaken = validateOnly && (await findApp(tx, wanted));
    const app = validateOnly ? { ...wanted, etag: '' } : await insertApp(tx, wanted);
    if (isTaken || !app) throw existsError(appName(wanted));
    return { app: presentApp(app) };
  });
}
