# docker build -t wsnginx . && docker run --rm -v "$PWD:/conf:ro" wsnginx lint
#
# It runs as nobody: "fix --write" wants the mount writable, and --user "$(id -u):$(id -g)".
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
ARG COMMIT=
ARG DATE=
RUN CGO_ENABLED=0 go build -trimpath -tags urfave_cli_no_docs -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" -o /wsnginx ./cmd/wsnginx

# Nothing but the program, and the certificates that "probe" trusts.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /wsnginx /usr/bin/wsnginx
USER 65532:65532
WORKDIR /conf
ENTRYPOINT ["/usr/bin/wsnginx"]
CMD ["lint"]
