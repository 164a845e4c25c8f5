//! The Lambda function `loader`: wiring only.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = loader::Config::read(aws::settings::environment)?;
    let clients = aws::Clients::from_env().await;
    aws::edge::serve(async |call| loader::handle(&clients, &config, call).await).await
}
