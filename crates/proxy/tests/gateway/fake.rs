//! Members that are no etcd, for what a real one would not do. They stand in the discovery as `https`, so
//! that looks ask no more of them than that somebody lives.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const PAUSE: Duration = Duration::from_millis(50);

/// A program that does the same with every connection. Dropping it ends it.
pub struct Fake {
    pub url: String,
    pub accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// One that does this.
    pub async fn that<F, T>(serve: F) -> Fake
    where
        F: Fn(TcpStream) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            loop {
                // Where descriptors are short, the next one may be had.
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                count.fetch_add(1, Relaxed);
                tokio::spawn(serve(stream));
            }
        });
        Fake { url, accepted, task }
    }

    /// One that gives back what it gets, behind its own name.
    pub async fn echo(name: &'static str) -> Fake {
        Fake::that(move |mut stream| async move {
            let mut bytes = vec![0; 64 * 1024];
            let mut greeting = Some(name.as_bytes());
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                let greeting = greeting.take().unwrap_or_default();
                if stream.write_all(greeting).await.is_err()
                    || stream.write_all(&bytes[..count]).await.is_err()
                {
                    return;
                }
            }
            let _ = stream.shutdown().await;
        })
        .await
    }
}
