import { createClient } from '@autoprov/grpc';
import type { RpcClient, TlsFiles } from '@autoprov/grpc';
import {
  ConfigServiceClient,
  DirectoryServiceClient,
  FailureServiceClient,
  PushServiceClient,
  TokenBrokerServiceClient,
} from '@autoprov/proto';
import type {
  ConfigServiceService,
  DirectoryServiceService,
  FailureServiceService,
  PushServiceService,
  TokenBrokerServiceService,
} from '@autoprov/proto';
import type { ServiceName } from './service-environment.ts';

/** The five services, called as the command line calls them. */
export type NetworkClients = {
  config: RpcClient<typeof ConfigServiceService>;
  tokenBroker: RpcClient<typeof TokenBrokerServiceService>;
  directory: RpcClient<typeof DirectoryServiceService>;
  push: RpcClient<typeof PushServiceService>;
  failures: RpcClient<typeof FailureServiceService>;
};

/** Clients with the certificate of the command line. They connect when they are first used. */
export function createClients(addresses: Record<ServiceName, string>, tls: TlsFiles): NetworkClients {
  return {
    config: createClient(ConfigServiceClient, { address: addresses.config, tls }),
    tokenBroker: createClient(TokenBrokerServiceClient, { address: addresses['token-broker'], tls }),
    directory: createClient(DirectoryServiceClient, { address: addresses['directory-reader'], tls }),
    push: createClient(PushServiceClient, { address: addresses['scim-pusher'], tls }),
    failures: createClient(FailureServiceClient, { address: addresses['failure-reporter'], tls }),
  };
}
