# The scheduler, with the executor and etcd that agents fetch from it; and the proxy, for
# --entrypoint=/usr/bin/etcd-mesos-proxy. The entry point is the program itself: no shell stands between
# it and a signal, and variables are read by the program.
FROM rust:1.95-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends protobuf-compiler libprotobuf-dev
COPY . /src
WORKDIR /src
RUN cargo build --locked --release --package etcd-mesos

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends etcd-server etcd-client \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/etcd-mesos-scheduler /src/target/release/etcd-mesos-executor \
 /src/target/release/etcd-mesos-proxy /usr/bin/
ENV ETCD_MESOS_ARTIFACTS__EXECUTOR=/usr/bin/etcd-mesos-executor
ENV ETCD_MESOS_ARTIFACTS__ETCD=/usr/bin/etcd
ENV ETCD_MESOS_ARTIFACTS__ETCDCTL=/usr/bin/etcdctl
ENV ETCD_MESOS_PROXY__ETCD=/usr/bin/etcd
ENTRYPOINT ["/usr/bin/etcd-mesos-scheduler"]
