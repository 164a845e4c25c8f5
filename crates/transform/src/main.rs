//! The transform function: wiring only.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = transform::Config::read(aws::settings::environment)?;
    let clients = aws::Clients::from_env().await;
    aws::edge::serve(async |call| transform::answer(&clients, &config, call).await).await
}
