import type { CallContext } from '@autoprov/grpc';
import { App, ConfigServiceService, type UpdateAppRequest, type UpdateAppResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { updatableApp } from '../domain/updatable.ts';
import { checkPaths, isChanged, pathsOf } from '../domain/update-mask.ts';
import { lockApp, updateApp as saveApp } from '../store/apps.ts';
import { etagMismatchError, notFoundError } from './errors.ts';
import { presentApp } from './present.ts';
import { checkDisplayName, checkRequestId, readAppKey, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function updateApp(
  ctx: ConfigContext,
  request: UpdateAppRequest,
  call: CallContext,
): Promise<UpdateAppResponse> {
  const wanted = request.app ?? App.fromPartial({});
  const paths = pathsOf(updatableApp, wanted, request.updateMask);
  refuseViolations([
    ...checkRequestId(request.requestId),
    ...checkPaths(updatableApp, paths),
    ...checkDisplayName('app.display_name', wanted.displayName).filter(({ field }) =>
      isChanged(updatableApp, field, paths),
    ),
  ]);
  const key = readAppKey('app.name', wanted.name);
  return writeOnce(ctx, call, ConfigServiceService.updateApp, request, async (tx) => {
    const current = await lockApp(tx, key);
    if (!current) throw notFoundError(wanted.name, 'install it, or list the apps for the right name');
    if (wanted.etag !== '' && wanted.etag !== current.etag) {
      throw etagMismatchError(wanted.name, wanted.etag, current.etag);
    }
    const changed = { ...current, displayName: paths.length > 0 ? wanted.displayName : current.displayName };
    if (request.validateOnly || changed.displayName === current.displayName) return { app: presentApp(changed) };
    return { app: presentApp(await saveApp(tx, changed)) };
  });
}
