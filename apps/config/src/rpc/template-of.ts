import type { Template } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import type { App } from '../store/apps.ts';
import { notFoundError } from './errors.ts';

/** The template of an installed app. Throws when this release's catalogue has it no more. */
export function templateOf({ templates }: ConfigContext, { template: name }: App): Template {
  const template = templates.get(name);
  if (!template)
    throw notFoundError(name, 'the catalogue of this release lacks it, install the app from another template');
  return template;
}
