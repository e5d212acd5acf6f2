import { checkUrl } from '@autoprov/outbound';
import type { ConfigContext } from '../context.ts';
import { checkForTemplate } from '../domain/check-for-template.ts';
import type { Subject } from './subject.ts';

/** Why the endpoint is not worth asking: it is no URL that may be called, or not of the template's form. */
export function endpointProblem(
  { allowedHosts }: Pick<ConfigContext, 'allowedHosts'>,
  { setup, template, defaults }: Subject,
): string | undefined {
  const wrong = checkUrl(setup.endpointUrl, allowedHosts);
  if (wrong !== undefined) return wrong;
  const violations = checkForTemplate(setup, { template, defaults, allowedHosts });
  return violations.find(({ field }) => field === 'setup.endpoint_url')?.description;
}
