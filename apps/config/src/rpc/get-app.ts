import type { GetAppRequest, GetAppResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { findApp } from '../store/apps.ts';
import { notFoundError } from './errors.ts';
import { presentApp } from './present.ts';
import { readAppKey } from './violations.ts';

export async function getApp(ctx: ConfigContext, { name }: GetAppRequest): Promise<GetAppResponse> {
  const app = await findApp(ctx.pool, readAppKey('name', name));
  if (!app) throw notFoundError(name, 'install it, or list the apps for the right name');
  return { app: presentApp(app) };
}
