import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type Provider from 'oidc-provider';

/**
 * The pages on which a person signs in and agrees: GET names the prompt, POST `decision=agree` or `decision=refuse`
 * answers it. Whoever comes is signed in as the admin of the service provider.
 */
export async function serveInteraction(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const interaction = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/plain').end(`${interaction.prompt.name}: POST decision=agree or refuse`);
    return;
  }
  const refused = (await text(request)) !== 'decision=agree';
  if (refused) {
    const result = { error: 'access_denied', error_description: 'the person did not agree' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (interaction.prompt.name === 'login') {
    const result = { login: { accountId: 'admin' } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const { client_id: clientId, scope } = interaction.params as { client_id: string; scope?: string };
  const grant = new provider.Grant({ accountId: 'admin', clientId });
  grant.addOIDCScope(scope ?? '');
  const result = { consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}
