import type { Dispatcher } from 'undici';

/**
 * Looks once more just before the first byte of a request is written: it may have waited long for a connection, and the
 * whole process may have been frozen meanwhile. Nothing is sent when `look` throws; the request fails with what it threw.
 */
export function beforeSending(look: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        look();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}
