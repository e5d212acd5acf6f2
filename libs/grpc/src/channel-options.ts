import type { ClientOptions, ServiceDefinition } from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from './wrap-service.ts';

const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: '0.05s',
  maxBackoff: '1s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};

/** How a client's channel behaves; the methods named in `idempotent` may be sent again. */
export function channelOptions(definition: ServiceDefinition, idempotent?: readonly string[]): ClientOptions {
  const names = Object.entries(definition)
    .filter(([name]) => idempotent?.includes(name) ?? /^(get|list|check|batchGet)/.test(name))
    .map(([, { path }]) => path.split('/'))
    .map(([, service, method]) => ({ service, method }));
  const serviceConfig = {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: names.length > 0 ? [{ name: names, retryPolicy }] : [],
    // Stops retries while more than half of all calls fail.
    retryThrottling: { maxTokens: 50, tokenRatio: 0.1 },
  };
  return {
    'grpc.service_config': JSON.stringify(serviceConfig),
    'grpc.service_config_disable_resolution': 1,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    // The default waits up to two minutes before it looks again for a service that was down.
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5_000,
    // HTTPS_PROXY is meant for the world outside.
    'grpc.enable_http_proxy': 0,
  };
}
