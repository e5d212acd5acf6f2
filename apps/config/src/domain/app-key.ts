/** Which app: its own id and its customer's. */
export type AppKey = { customerId: string; appId: string };
