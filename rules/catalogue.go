package rules

// All returns every rule in the order of the catalogue.
func All() []*Rule {
	return []*Rule{
		undefinedConnectionVariable,
		websocketScheme,
		misplacedDirective,
		duplicateDirective,
		swallowedDirective,
		invalidValue,

		missingHTTPVersion,
		missingUpgradeHeader,
		missingConnectionHeader,
		droppedWebSocketHeaders,
		wrongConnectionMap,
		lostHandshakeHeaders,
		hiddenHandshakeResponse,
		responseHeaderMistake,
		handshakeMethod,
		redirectedHandshake,
		unsupportedPass,
		unreachableProxy,
		missingResolver,
		shadowedLocation,
		ignoredServer,
		subrequestUpgrade,
		unsupportedNginx,
		plainHTTP2Listener,
		trailingSlashRedirect,

		shortReadTimeout,
		shortSendTimeout,
		shortStreamTimeout,
		cachedHandshake,
		workerShutdownTimeout,

		constantConnectionUpgrade,
		constantUpgrade,
		keepaliveClosed,
		duplicateHeader,
		lostHost,
		passPath,

		unrestrictedUpgrade,
		upstreamSNI,
		sslWithoutCertificate,
		certificate,
		legacyTLS,
		plaintextWebSocket,
		noAffinity,
		workerConnections,

		unusedIgnore,
		ignoreWithoutReason,
	}
}
