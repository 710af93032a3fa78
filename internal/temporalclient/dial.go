package temporalclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"

	"parcelward/internal/config"
)

// Dial connects to the cluster and returns when it answers. The caller closes the client.
func Dial(ctx context.Context, c config.Temporal, logger *slog.Logger) (client.Client, error) {
	o, err := Options(c, logger)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal at %s, namespace %s: %w", c.Address, c.Namespace, err)
	}
	return conn, nil
}

// Lazy is [Dial] without waiting: the client connects when it is first used, so that a
// program starts while Temporal is down.
func Lazy(c config.Temporal, logger *slog.Logger) (client.Client, error) {
	o, err := Options(c, logger)
	if err != nil {
		return nil, err
	}
	return client.NewLazyClient(o)
}

// Options are the options of such a client.
func Options(c config.Temporal, logger *slog.Logger) (client.Options, error) {
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		DisableQueryTracing:     true,
		AllowInvalidParentSpans: true, // a header from elsewhere must not stop an order
	})
	if err != nil {
		return client.Options{}, fmt.Errorf("trace Temporal calls: %w", err)
	}
	o := client.Options{
		HostPort: c.Address, Namespace: c.Namespace,
		Logger:         log.NewStructuredLogger(logger),
		DataConverter:  DataConverter(),
		Interceptors:   []interceptor.ClientInterceptor{tracing},
		MetricsHandler: opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{OnError: func(err error) { logger.Warn("metrics of the Temporal client", "error", err) }}),
	}
	if c.APIKey != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(c.APIKey)
	}
	o.ConnectionOptions.TLS, err = tlsConfig(c)
	return o, err
}

// tlsConfig is nil for a plain connection.
func tlsConfig(c config.Temporal) (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSCA == "" && c.TLSName == "" && c.APIKey == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TLSName}
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("client certificate for Temporal (%s, %s): %w", c.TLSCert, c.TLSKey, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if c.TLSCA != "" {
		pem, err := os.ReadFile(c.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("certificate authority of Temporal: %w", err)
		}
		if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("certificate authority of Temporal: expected a certificate in PEM in " + c.TLSCA)
		}
	}
	return t, nil
}
