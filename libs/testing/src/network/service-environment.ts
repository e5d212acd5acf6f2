import type { Certificates } from '../infra/certificates.ts';

/** The services. They call one another, and wait for those that are not there yet. */
export const serviceNames = ['config', 'token-broker', 'directory-reader', 'scim-pusher', 'failure-reporter'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What the services of one network are told. */
export type Surroundings = {
  databaseUrlOf(service: ServiceName): string;
  kafka: { brokers: string[]; topicPrefix: string };
  certificates: Certificates;
  /** host:port where each service is called. */
  addresses: Record<ServiceName, string>;
  /** Where each service listens on 127.0.0.1: for gRPC, and for probes and metrics. */
  ports: Record<ServiceName | `${ServiceName} metrics`, number>;
  directory: { url: string; tokenUrl: string };
  /** The key that seals secrets: 32 bytes, base64. */
  secretsKey: string;
  clockOffsetMs: number;
};

/** The variables of one service: those that all have, and its own. */
export function serviceEnvironment(service: ServiceName, at: Surroundings): Record<string, string> {
  const tls = at.certificates.services[service]!;
  return {
    DATABASE_URL: at.databaseUrlOf(service),
    KAFKA_BROKERS: at.kafka.brokers.join(','),
    KAFKA_TOPIC_PREFIX: at.kafka.topicPrefix,
    INSTALLATION_ID: 'local',
    GRPC_ADDRESS: `127.0.0.1:${at.ports[service]}`,
    METRICS_ADDRESS: `127.0.0.1:${at.ports[`${service} metrics`]}`,
    GRPC_REFLECTION: 'true',
    TLS_CA_FILE: tls.caFile,
    TLS_CERT_FILE: tls.certFile,
    TLS_KEY_FILE: tls.keyFile,
    CLOCK_OFFSET_MS: String(at.clockOffsetMs),
    ...addressVariables(at.addresses),
    ...ownVariables(service, at),
  };
}

/** Where the services are, as services and the command line read it. */
export function addressVariables(addresses: Record<ServiceName, string>): Record<string, string> {
  const variable = (service: string) => `${service.toUpperCase().replaceAll('-', '_')}_ADDRESS`;
  return Object.fromEntries(Object.entries(addresses).map(([service, address]) => [variable(service), address]));
}

/** As in docker/compose.yaml: garbage is collected before the heap has grown. */
const boundedMemory = '--max-semi-space-size=16 --max-old-space-size=192';

function ownVariables(service: ServiceName, at: Surroundings): Record<string, string> {
  const localSp = { SP_ALLOWED_HOSTS: '127.0.0.1,localhost', SP_CA_FILE: at.certificates.caFile };
  switch (service) {
    case 'config':
      return { SP_ALLOWED_HOSTS: localSp.SP_ALLOWED_HOSTS };
    case 'token-broker':
      return { ...localSp, GOOGLE_TOKEN_URL: at.directory.tokenUrl, SECRETS_KEY: at.secretsKey, SETUP_POLL_MS: '500' };
    case 'directory-reader':
      return {
        GOOGLE_API_ROOT_URL: at.directory.url,
        SETUP_POLL_MS: '500',
        NODE_OPTIONS: boundedMemory,
      };
    case 'scim-pusher':
      // What a crashed pusher held goes on soon: its partitions with the session, its apps with their leases. A lease must
      // outlast a request.
      return {
        ...localSp,
        KAFKA_SESSION_TIMEOUT_MS: '6000',
        SETUP_POLL_MS: '500',
        HTTP_TIMEOUT_MS: '5000',
        LEASE_MS: '9000',
        SETTLE_MS: '1000',
        NODE_OPTIONS: '--max-semi-space-size=16',
      };
    case 'failure-reporter':
      return { KAFKA_SESSION_TIMEOUT_MS: '6000', SETUP_POLL_MS: '500', NODE_OPTIONS: boundedMemory };
  }
}
